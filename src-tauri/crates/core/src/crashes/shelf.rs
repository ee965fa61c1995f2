//! The folder of the reports: one small file each, the newest kept.

use std::io;
use std::path::PathBuf;

use sirocco_hub::account::replace_privately;
use sirocco_protocol::{Crash, CrashId};

use super::report::Report;
use crate::home::Home;

/// Older ones make room.
const MOST: usize = 20;
/// No report of ours is longer.
pub(super) const LONGEST_BYTES: u64 = 64 << 10;

/// The folder; it comes to be with its first report.
#[derive(Clone, Debug)]
pub(super) struct Shelf(PathBuf);

impl Shelf {
    pub fn in_home(home: &Home) -> Self {
        Self(home.crashes())
    }

    /// The file of a report, whether there is one or not.
    pub fn path(&self, id: CrashId) -> PathBuf {
        self.0.join(format!("{id}.json"))
    }

    /// Adds a report, whole or not at all, and takes away what is too old for that.
    pub fn put(&self, report: &Report) -> io::Result<()> {
        std::fs::create_dir_all(&self.0)?;
        let text = serde_json::to_vec_pretty(report).expect("texts and numbers are JSON");
        replace_privately(&self.path(report.crash.id), &text)?;
        for id in self.ids().into_iter().skip(MOST) {
            self.take_away(id)?;
        }
        Ok(())
    }

    /// All that can be read, newest first.
    pub fn list(&self) -> Vec<Crash> {
        let reports = self.ids().into_iter().filter_map(|id| self.read(id));
        reports.map(|report| report.crash).collect()
    }

    /// One report; none if it is gone, or no report.
    pub fn read(&self, id: CrashId) -> Option<Report> {
        let path = self.path(id);
        if std::fs::metadata(&path).ok()?.len() > LONGEST_BYTES {
            return None;
        }
        let report: Report = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        (report.crash.id == id).then_some(report)
    }

    /// Removes one, or all.
    pub fn remove(&self, id: Option<CrashId>) -> io::Result<()> {
        match id {
            Some(id) => self.take_away(id),
            None => self.ids().into_iter().try_for_each(|id| self.take_away(id)),
        }
    }

    fn take_away(&self, id: CrashId) -> io::Result<()> {
        match std::fs::remove_file(self.path(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Newest first: ids sort by their time.
    fn ids(&self) -> Vec<CrashId> {
        let entries = std::fs::read_dir(&self.0).into_iter().flatten().flatten();
        let mut ids: Vec<CrashId> = entries
            .filter_map(|entry| {
                let name = entry.file_name();
                name.to_str()?.strip_suffix(".json")?.parse().ok()
            })
            .collect();
        ids.sort_unstable_by(|one, other| other.cmp(one));
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crashes::report::tests::panic_report;

    fn shelf() -> (tempfile::TempDir, Shelf) {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::in_home(&Home::at(folder.path()));
        (folder, shelf)
    }

    #[test]
    fn the_newest_reports_are_kept_and_read_again() {
        let (_folder, shelf) = shelf();
        assert_eq!(shelf.list(), []);
        let reports: Vec<Report> = (0..MOST + 3).map(|_| panic_report("no")).collect();
        for report in &reports {
            shelf.put(report).unwrap();
        }
        let kept: Vec<_> = reports[3..]
            .iter()
            .rev()
            .map(|one| one.crash.clone())
            .collect();
        assert_eq!(shelf.list(), kept);
        let last = &reports[MOST + 2];
        assert_eq!(shelf.read(last.crash.id).as_ref(), Some(last));
        assert_eq!(shelf.read(reports[0].crash.id), None);
    }

    #[test]
    fn one_is_removed_or_all_and_what_is_none_of_ours_stays() {
        let (_folder, shelf) = shelf();
        let reports = [panic_report("one"), panic_report("two")];
        reports.iter().for_each(|one| shelf.put(one).unwrap());
        let other = shelf.0.join("notes.json");
        std::fs::write(&other, "mine").unwrap();
        shelf.remove(Some(reports[1].crash.id)).unwrap();
        shelf.remove(Some(reports[1].crash.id)).unwrap();
        assert_eq!(shelf.list(), [reports[0].crash.clone()]);
        shelf.remove(None).unwrap();
        assert_eq!(shelf.list(), []);
        assert!(other.exists());
    }

    #[test]
    fn a_file_that_is_no_report_is_passed_over() {
        let (_folder, shelf) = shelf();
        let good = panic_report("good");
        shelf.put(&good).unwrap();
        let write = |text: &[u8]| std::fs::write(shelf.path(CrashId::fresh()), text).unwrap();
        write(b"{\"id\":");
        write(&vec![b' '; LONGEST_BYTES as usize + 1]);
        // Renamed by hand: what is deleted would be another one than what is shown.
        write(&serde_json::to_vec(&good).unwrap());
        assert_eq!(shelf.list(), [good.crash]);
    }
}
