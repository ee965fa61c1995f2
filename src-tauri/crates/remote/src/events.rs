//! Server-sent events, as far as OpenAI's API uses them: one line of data each.

/// Cuts what comes into data. Comments, names and other fields are passed over.
#[derive(Debug, Default)]
pub(crate) struct Events {
    read: Vec<u8>,
}

impl Events {
    /// Takes bytes, and answers the data of all lines that are complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        self.read.extend_from_slice(bytes);
        let Some(end) = self.read.iter().rposition(|byte| *byte == b'\n') else {
            return Vec::new();
        };
        let rest = self.read.split_off(end + 1);
        let lines = std::mem::replace(&mut self.read, rest);
        lines
            .split(|byte| *byte == b'\n')
            .filter_map(data)
            .collect()
    }

    /// Bytes of a line that has no end yet.
    pub fn pending(&self) -> usize {
        self.read.len()
    }
}

fn data(line: &[u8]) -> Option<String> {
    let data = String::from_utf8_lossy(line.strip_prefix(b"data:")?);
    let data = data.trim();
    (!data.is_empty()).then(|| data.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_however_they_are_cut() {
        let text = ": a comment\r\nevent: x\r\ndata: {\"ö\": 1}\r\n\r\ndata:[DONE]\n\n";
        for step in [1, 2, 7, text.len()] {
            let mut events = Events::default();
            let found: Vec<_> = text
                .as_bytes()
                .chunks(step)
                .flat_map(|bytes| events.push(bytes))
                .collect();
            assert_eq!(found, ["{\"ö\": 1}", "[DONE]"], "{step} bytes at once");
            assert_eq!(events.pending(), 0);
        }
    }
}
