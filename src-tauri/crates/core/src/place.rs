//! Where the main window was, and where it may be now: screens come and go.
//!
//! It lies in the data folder, so that a portable one brings it along.

use std::io;

use serde::{Deserialize, Serialize};

use crate::App;

/// As much of a window as a hand needs to move it, in pixels.
const GRIP: (i32, i32) = (96, 24);

/// About the height of what a window manager puts above a window, in logical pixels.
const TITLE_BAR: f64 = 40.0;

/// A place on the desktop.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowPlace {
    /// The upper left corner, in pixels of the whole desktop; none leaves it to the system.
    pub position: Option<(i32, i32)>,
    /// Width and height without the frame, in logical pixels: as large as before on a screen of another scale.
    pub size: (f64, f64),
    /// It fills its screen; position and size are those it goes back to.
    pub maximised: bool,
}

/// A screen, without what panels and docks take of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Screen {
    /// Its upper left corner, in pixels of the whole desktop.
    pub position: (i32, i32),
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// Pixels of a logical pixel.
    pub scale: f64,
}

impl Screen {
    fn contains(&self, (x, y): (i32, i32)) -> bool {
        let (left, top) = self.position;
        let (right, bottom) = (left + self.size.0 as i32, top + self.size.1 as i32);
        (left..right).contains(&x) && (top..bottom).contains(&y)
    }

    /// Whether a window whose corner is here can be seen and moved.
    fn holds(&self, (x, y): (i32, i32), width: f64) -> bool {
        let (left, top) = self.position;
        let (right, bottom) = (left + self.size.0 as i32, top + self.size.1 as i32);
        let end = x.saturating_add((width * self.scale) as i32);
        x.saturating_add(GRIP.0) <= right
            && end.saturating_sub(GRIP.0) >= left
            && y >= top
            && y.saturating_add(GRIP.1) <= bottom
    }
}

impl WindowPlace {
    /// The place made good for the screens there are, the main one first: a window that would lie outside of all of
    /// them is left to the system, and none is larger than its screen.
    #[must_use]
    pub fn on(self, screens: &[Screen]) -> Self {
        let found = self.position.and_then(|position| {
            let mut held = screens
                .iter()
                .filter(|screen| screen.holds(position, self.size.0));
            // One that spans two screens belongs to that of its corner.
            let corner = held.clone().find(|screen| screen.contains(position));
            corner.or_else(|| held.next())
        });
        let (width, height) = self.size;
        let size = match found.or_else(|| screens.first()) {
            Some(screen) => (
                width.min(f64::from(screen.size.0) / screen.scale),
                height.min(f64::from(screen.size.1) / screen.scale - TITLE_BAR),
            ),
            None => self.size,
        };
        Self {
            position: self.position.filter(|_| found.is_some()),
            size,
            maximised: self.maximised,
        }
    }
}

impl App {
    /// Where the main window was last; none if it never was anywhere.
    #[must_use]
    pub fn window_place(&self) -> Option<WindowPlace> {
        let path = self.inner.home.window();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(%error, "the place of the window is not known");
                return None;
            }
        };
        let place = serde_json::from_str(&text);
        place
            .inspect_err(|error| tracing::warn!(%error, "the place of the window is not known"))
            .ok()
    }

    /// Keeps where it is.
    pub fn keep_window_place(&self, place: &WindowPlace) {
        let text = serde_json::to_string(place).expect("numbers are JSON");
        if let Err(error) = std::fs::write(self.inner.home.window(), text) {
            tracing::warn!(%error, "the place of the window was not kept");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIN: Screen = Screen {
        position: (0, 0),
        size: (1920, 1040),
        scale: 1.0,
    };
    /// To the left of the main one, and finer.
    const BESIDE: Screen = Screen {
        position: (-2560, 0),
        size: (2560, 1600),
        scale: 2.0,
    };

    fn at(x: i32, y: i32) -> WindowPlace {
        WindowPlace {
            position: Some((x, y)),
            size: (1280.0, 820.0),
            maximised: false,
        }
    }

    #[test]
    fn a_place_on_a_screen_stays() {
        assert_eq!(at(200, 100).on(&[MAIN]), at(200, 100));
        let maximised = WindowPlace {
            maximised: true,
            ..at(200, 100)
        };
        assert_eq!(maximised.on(&[MAIN]), maximised);
    }

    #[test]
    fn a_window_on_a_screen_that_is_gone_comes_back() {
        let there = at(-2000, 300);
        let small = WindowPlace {
            size: (1000.0, 700.0),
            ..there
        };
        assert_eq!(small.on(&[MAIN, BESIDE]), small);
        let back = small.on(&[MAIN]);
        assert_eq!((back.position, back.size), (None, (1000.0, 700.0)));
    }

    #[test]
    fn a_window_of_which_nothing_can_be_gripped_is_left_to_the_system() {
        for (x, y) in [(1900, 100), (-1270, 100), (100, 1030), (100, -30)] {
            assert_eq!(at(x, y).on(&[MAIN]).position, None, "{x}, {y}");
        }
        assert!(at(-1000, 100).on(&[MAIN]).position.is_some());
        assert_eq!(at(i32::MAX, i32::MAX).on(&[MAIN]).position, None);
    }

    #[test]
    fn no_window_is_larger_than_its_screen() {
        let large = WindowPlace {
            size: (5000.0, 5000.0),
            ..at(0, 0)
        };
        assert_eq!(large.on(&[MAIN]).size, (1920.0, 1000.0));
        let there = WindowPlace {
            position: Some((-2500, 10)),
            ..large
        };
        assert_eq!(there.on(&[MAIN, BESIDE]).size, (1280.0, 760.0));
    }

    #[test]
    fn without_a_known_screen_the_size_stays() {
        assert_eq!(at(5, 5).on(&[]).size, (1280.0, 820.0));
    }
}
