//! The tray and the notifications of a desktop, for tests of programs that use them.
//!
//! Takes the names of the watcher of status notifiers and of the notifications on the session bus, prints `ready`, and
//! answers one line for each line of its standard input: `menu` gives the labels of the menu of what came last as a JSON
//! list, `choose LABEL` chooses one of them, `notices` gives title and text of all notifications, and `click` clicks the
//! last of those. Ends with its input. Linux only; elsewhere trays have no such bus.

fn main() -> anyhow::Result<()> {
    #[cfg(target_os = "linux")]
    return tray::run();
    #[cfg(not(target_os = "linux"))]
    anyhow::bail!("trays are scripted on Linux only");
}

#[cfg(target_os = "linux")]
mod tray {
    use std::collections::HashMap;
    use std::io::BufRead;
    use std::sync::{Arc, Mutex, PoisonError};

    use anyhow::{Context, Result, bail};
    use serde_json::json;
    use zbus::blocking::{Connection, Proxy, connection};
    use zbus::message::Header;
    use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

    /// Bus name and path of an item.
    type Item = (String, String);

    /// An entry of a menu: its id, its properties, its children.
    type Entry = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

    /// Remembers what came last.
    #[derive(Clone, Default)]
    struct Watcher(Arc<Mutex<Option<Item>>>);

    #[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
    impl Watcher {
        /// A program gives the path of its item, or the name under which it has the usual path.
        fn register_status_notifier_item(&self, service: &str, #[zbus(header)] header: Header<'_>) {
            let sender = header.sender().map(ToString::to_string);
            let item = match service.starts_with('/') {
                true => (sender.unwrap_or_default(), service.to_owned()),
                false => (service.to_owned(), "/StatusNotifierItem".to_owned()),
            };
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(item);
        }

        fn register_status_notifier_host(&self, _service: &str) {}

        #[zbus(property)]
        fn registered_status_notifier_items(&self) -> Vec<String> {
            Vec::new()
        }

        #[zbus(property)]
        fn is_status_notifier_host_registered(&self) -> bool {
            true
        }

        #[zbus(property)]
        fn protocol_version(&self) -> i32 {
            0
        }
    }

    const NOTIFICATIONS: &str = "org.freedesktop.Notifications";
    const NOTIFICATIONS_PATH: &str = "/org/freedesktop/Notifications";

    /// Remembers title and text of each; its id is its place, counted from 1.
    #[derive(Clone, Default)]
    struct Notifications(Arc<Mutex<Vec<(String, String)>>>);

    impl Notifications {
        fn all(&self) -> Vec<(String, String)> {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone()
        }
    }

    #[zbus::interface(name = "org.freedesktop.Notifications")]
    impl Notifications {
        #[expect(
            clippy::too_many_arguments,
            reason = "the specification of desktop notifications has them"
        )]
        fn notify(
            &self,
            _program: &str,
            _replaces: u32,
            _icon: &str,
            title: &str,
            text: &str,
            _actions: Vec<String>,
            _hints: HashMap<String, OwnedValue>,
            _timeout_ms: i32,
        ) -> u32 {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.push((title.to_owned(), text.to_owned()));
            u32::try_from(all.len()).unwrap_or(u32::MAX)
        }

        fn close_notification(&self, _id: u32) {}

        fn get_capabilities(&self) -> Vec<String> {
            vec!["actions".to_owned(), "body".to_owned()]
        }

        fn get_server_information(&self) -> (&str, &str, &str, &str) {
            ("scripted", "sirocco", "1", "1.2")
        }
    }

    pub fn run() -> Result<()> {
        let watcher = Watcher::default();
        let notifications = Notifications::default();
        let connection = connection::Builder::session()?
            .name("org.kde.StatusNotifierWatcher")?
            .name(NOTIFICATIONS)?
            .serve_at("/StatusNotifierWatcher", watcher.clone())?
            .serve_at(NOTIFICATIONS_PATH, notifications.clone())?
            .build()
            .context("could not become the desktop of the session bus")?;
        println!("ready");
        for line in std::io::stdin().lock().lines() {
            let line = line?;
            let item = watcher
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            let answer = match (item, line.split_once(' ')) {
                (_, None) if line == "notices" => json!(notifications.all()),
                (_, None) if line == "click" => {
                    click(&connection, notifications.all().len())?;
                    json!(true)
                }
                (None, _) => json!(null),
                (Some(item), None) if line == "menu" => {
                    json!(labels(&entries(&connection, &item)?))
                }
                (Some(item), Some(("choose", label))) => {
                    choose(&connection, &item, label)?;
                    json!(true)
                }
                _ => bail!("`{line}` is no command"),
            };
            println!("{answer}");
        }
        Ok(())
    }

    /// Says that the notification with this id was clicked.
    fn click(connection: &Connection, id: usize) -> Result<()> {
        let clicked = (u32::try_from(id)?, "default");
        connection.emit_signal(
            None::<&str>,
            NOTIFICATIONS_PATH,
            NOTIFICATIONS,
            "ActionInvoked",
            &clicked,
        )?;
        Ok(())
    }

    fn menu(connection: &Connection, item: &Item) -> zbus::Result<Proxy<'static>> {
        let (bus, path) = item.clone();
        let notifier = Proxy::new(connection, bus.clone(), path, "org.kde.StatusNotifierItem")?;
        let menu: OwnedObjectPath = notifier.get_property("Menu")?;
        Proxy::new(connection, bus, menu, "com.canonical.dbusmenu")
    }

    fn entries(connection: &Connection, item: &Item) -> Result<Vec<Entry>> {
        let names: Vec<&str> = Vec::new();
        let (_, root): (u32, Entry) =
            menu(connection, item)?.call("GetLayout", &(0_i32, -1_i32, names))?;
        root.2
            .into_iter()
            .map(|child| Entry::try_from(child).context("an entry has another shape"))
            .collect()
    }

    fn label(entry: &Entry) -> Option<&str> {
        entry.1.get("label")?.downcast_ref().ok()
    }

    fn labels(entries: &[Entry]) -> Vec<&str> {
        entries.iter().filter_map(label).collect()
    }

    fn choose(connection: &Connection, item: &Item, wanted: &str) -> Result<()> {
        let entries = entries(connection, item)?;
        let entry = entries
            .iter()
            .find(|entry| label(entry) == Some(wanted))
            .with_context(|| format!("`{wanted}` is not in {:?}", labels(&entries)))?;
        let event = (entry.0, "clicked", Value::from(0_i32), 0_u32);
        menu(connection, item)?.call::<_, _, ()>("Event", &event)?;
        Ok(())
    }
}
