//! Prints the TypeScript module the interface compiles against.

use std::any::TypeId;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;

use ts_rs::{Config, TS, TypeVisitor};

use crate::commands::{self, COMMANDS};

struct Collector<'a> {
    config: &'a Config,
    seen: HashSet<TypeId>,
    declarations: BTreeMap<String, String>,
}

impl TypeVisitor for Collector<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
        // Only named types of this crate have an output path; numbers, lists and options do not.
        if T::output_path().is_some() {
            let docs = T::docs().unwrap_or_default();
            self.declarations.insert(
                T::ident(self.config),
                format!("{docs}export {}", T::decl(self.config)),
            );
        }
    }
}

/// The whole module as text: every type, the command map and the list of command names.
#[must_use]
pub fn module() -> String {
    let config = Config::new().with_large_int("number");
    let mut collector = Collector {
        config: &config,
        seen: HashSet::new(),
        declarations: BTreeMap::new(),
    };
    commands::visit_types(&mut collector);
    collector.visit::<crate::Event>();
    collector.visit::<crate::RunUpdate>();
    collector.visit::<commands::RunFollow>();

    let mut text = String::from(
        "// Generated from the protocol crate by `cargo xtask generate`. Do not edit.\n// It is so long because it is the whole contract, one declaration a type.\n\n",
    );
    for declaration in collector.declarations.values() {
        let _ = writeln!(text, "{declaration}\n");
    }
    text.push_str(
        "/** Every command with its payload and its answer. */\nexport interface Commands {\n",
    );
    for command in COMMANDS {
        let _ = writeln!(text, "  /** {} */", command.doc.trim());
        let _ = writeln!(
            text,
            "  {}: {{ request: {}; response: {} }};",
            command.name,
            command.request,
            (command.response)(&config)
        );
    }
    text.push_str(
        "}\n\n/** Every stream with its payload and its messages. */\nexport interface Streams {\n",
    );
    text.push_str("  run_follow: { request: RunFollow; message: RunUpdate };\n}\n");
    text
}
