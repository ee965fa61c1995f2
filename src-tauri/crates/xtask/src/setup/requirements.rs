//! What has to be on a Linux machine, and what its distributions call it.

use super::{Distribution, Purpose};

/// One thing that may be missing.
pub struct Requirement {
    /// In words.
    pub what: &'static str,
    /// How to find out whether it is there.
    pub probe: Probe,
    /// The least that cannot be done without it.
    pub purpose: Purpose,
    debian: &'static str,
    fedora: &'static str,
    arch: &'static str,
}

/// How to find out whether something is there.
pub enum Probe {
    /// One of these programs is on the path.
    Program(&'static [&'static str]),
    /// pkg-config knows one of these libraries with its headers.
    Library(&'static [&'static str]),
    /// python3 has this module.
    PythonModule(&'static str),
    /// The library of this name lies where linkers look or where LLVM puts its own.
    SharedObject(&'static str),
}

impl Requirement {
    /// The package that brings it.
    pub fn package(&self, distribution: Distribution) -> Option<&'static str> {
        match distribution {
            // Ubuntu has no package of Debian's name.
            Distribution::Ubuntu if self.debian == "chromium" => Some("chromium-browser"),
            Distribution::Debian | Distribution::Ubuntu => Some(self.debian),
            Distribution::Fedora => Some(self.fedora),
            Distribution::Arch => Some(self.arch),
            Distribution::Other => None,
        }
    }
}

/// Everything, in the order in which it is reported. Fedora takes a program's path for a package's name.
pub const REQUIREMENTS: &[Requirement] = &[
    Requirement {
        what: "a C compiler",
        probe: Probe::Program(&["cc"]),
        purpose: Purpose::Serve,
        debian: "build-essential",
        fedora: "gcc",
        arch: "base-devel",
    },
    Requirement {
        what: "a C++ compiler",
        probe: Probe::Program(&["c++"]),
        purpose: Purpose::Serve,
        debian: "build-essential",
        fedora: "gcc-c++",
        arch: "base-devel",
    },
    Requirement {
        what: "pkg-config",
        probe: Probe::Program(&["pkg-config"]),
        purpose: Purpose::Serve,
        debian: "pkg-config",
        fedora: "pkgconf-pkg-config",
        arch: "pkgconf",
    },
    Requirement {
        what: "GTK 3 with headers",
        probe: Probe::Library(&["gtk+-3.0"]),
        purpose: Purpose::Run,
        debian: "libgtk-3-dev",
        fedora: "gtk3-devel",
        arch: "gtk3",
    },
    Requirement {
        what: "WebKitGTK 4.1 with headers",
        probe: Probe::Library(&["webkit2gtk-4.1"]),
        purpose: Purpose::Run,
        debian: "libwebkit2gtk-4.1-dev",
        fedora: "webkit2gtk4.1-devel",
        arch: "webkit2gtk-4.1",
    },
    Requirement {
        what: "the library of the tray",
        probe: Probe::Library(&["ayatana-appindicator3-0.1", "appindicator3-0.1"]),
        purpose: Purpose::Run,
        debian: "libayatana-appindicator3-dev",
        fedora: "libayatana-appindicator-gtk3-devel",
        arch: "libayatana-appindicator",
    },
    Requirement {
        what: "git",
        probe: Probe::Program(&["git"]),
        purpose: Purpose::Test,
        debian: "git",
        fedora: "git",
        arch: "git",
    },
    Requirement {
        what: "Python 3",
        probe: Probe::Program(&["python3"]),
        purpose: Purpose::Test,
        debian: "python3",
        fedora: "python3",
        arch: "python",
    },
    Requirement {
        what: "pip",
        probe: Probe::PythonModule("pip"),
        purpose: Purpose::Test,
        debian: "python3-pip",
        fedora: "python3-pip",
        arch: "python-pip",
    },
    Requirement {
        what: "virtual environments for Python",
        probe: Probe::PythonModule("ensurepip"),
        purpose: Purpose::Test,
        debian: "python3-venv",
        fedora: "python3",
        arch: "python",
    },
    Requirement {
        what: "Chromium",
        probe: Probe::Program(&["chromium", "chromium-browser", "google-chrome"]),
        purpose: Purpose::Test,
        debian: "chromium",
        fedora: "chromium",
        arch: "chromium",
    },
    Requirement {
        what: "the WebDriver of WebKitGTK",
        probe: Probe::Program(&["WebKitWebDriver"]),
        purpose: Purpose::Test,
        debian: "webkit2gtk-driver",
        fedora: "/usr/bin/WebKitWebDriver",
        arch: "webkitgtk-6.0",
    },
    Requirement {
        what: "a display without a screen (Xvfb)",
        probe: Probe::Program(&["Xvfb"]),
        purpose: Purpose::Test,
        debian: "xvfb",
        fedora: "/usr/bin/Xvfb",
        arch: "xorg-server-xvfb",
    },
    Requirement {
        what: "the library that presses keys for tests (XTest)",
        probe: Probe::SharedObject("libXtst"),
        purpose: Purpose::Test,
        debian: "libxtst6",
        fedora: "libXtst",
        arch: "libxtst",
    },
    Requirement {
        what: "xvfb-run",
        probe: Probe::Program(&["xvfb-run"]),
        purpose: Purpose::Test,
        debian: "xvfb",
        fedora: "/usr/bin/xvfb-run",
        arch: "xorg-server-xvfb",
    },
    Requirement {
        what: "xauth",
        probe: Probe::Program(&["xauth"]),
        purpose: Purpose::Test,
        debian: "xauth",
        fedora: "/usr/bin/xauth",
        arch: "xorg-xauth",
    },
    Requirement {
        what: "a session bus",
        probe: Probe::Program(&["dbus-run-session"]),
        purpose: Purpose::Test,
        debian: "dbus",
        fedora: "/usr/bin/dbus-run-session",
        arch: "dbus",
    },
];

/// What llama.cpp is built with. Without it the app has one runtime less.
pub const LLAMACPP: &[Requirement] = &[
    Requirement {
        what: "cmake",
        probe: Probe::Program(&["cmake"]),
        purpose: Purpose::Serve,
        debian: "cmake",
        fedora: "cmake",
        arch: "cmake",
    },
    Requirement {
        what: "libclang",
        probe: Probe::SharedObject("libclang"),
        purpose: Purpose::Serve,
        debian: "libclang-dev",
        fedora: "clang-devel",
        arch: "clang",
    },
];

/// What llama.cpp is built with for Vulkan, beside [`LLAMACPP`]. Nothing else needs it, so nothing installs it.
pub const VULKAN: &[Requirement] = &[
    Requirement {
        what: "Vulkan's library with headers",
        probe: Probe::Library(&["vulkan"]),
        purpose: Purpose::Serve,
        debian: "libvulkan-dev",
        fedora: "vulkan-loader-devel",
        arch: "vulkan-devel",
    },
    Requirement {
        what: "the headers of SPIR-V",
        probe: Probe::Library(&["SPIRV-Headers"]),
        purpose: Purpose::Serve,
        debian: "spirv-headers",
        fedora: "spirv-headers-devel",
        arch: "spirv-headers",
    },
    Requirement {
        what: "the compiler of shaders, glslc",
        probe: Probe::Program(&["glslc"]),
        purpose: Purpose::Serve,
        debian: "glslc",
        fedora: "glslc",
        arch: "shaderc",
    },
];
