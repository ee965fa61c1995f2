//! Whether a model fits, and where: in the memory of a graphics card or in that of the machine.

use sirocco_engine_wire::Device;

/// What a load would take in each place, in bytes. Keys and values are half as long on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    pub on_card: u64,
    pub in_memory: u64,
}

/// The graphics card that a load is tried on first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    pub name: String,
    pub total_bytes: u64,
    /// Of models that are on it, as far as that is known.
    pub used_bytes: u64,
}

/// What the worker for a graphics card said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardMemory {
    Known(Card),
    /// There is a card, and nobody says how large.
    Unknown,
}

impl CardMemory {
    pub fn of(devices: &[Device], used_bytes: u64) -> Self {
        // Models are put on one.
        match devices.first().filter(|card| card.memory_bytes > 0) {
            Some(card) => Self::Known(Card {
                name: card.name.clone(),
                total_bytes: card.memory_bytes,
                used_bytes,
            }),
            None => Self::Unknown,
        }
    }
}

/// Where a load goes, and whether it fits there now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// On the card; else in the memory of the machine.
    pub on_card: bool,
    pub fits: bool,
    /// It does not fit now, and would go elsewhere by itself, slower: to be let if no other model can make room.
    pub falls_back: bool,
}

/// A card that can never take the model leaves it to the processor, which takes over by itself; one that is full now
/// waits for other models to make room. What a card of unknown size takes is tried.
pub fn decide(need: Need, card: Option<&CardMemory>, free_bytes: u64) -> Decision {
    let fits_in_memory = need.in_memory <= free_bytes;
    let in_memory = Decision {
        on_card: false,
        fits: fits_in_memory,
        falls_back: false,
    };
    match card {
        None => in_memory,
        Some(CardMemory::Unknown) => Decision {
            on_card: true,
            fits: true,
            falls_back: false,
        },
        Some(CardMemory::Known(card)) => {
            let is_small = need.on_card > card.total_bytes;
            let free_on_card = card.total_bytes.saturating_sub(card.used_bytes);
            if is_small && (fits_in_memory || free_bytes > card.total_bytes) {
                return in_memory;
            }
            let fits = need.on_card <= free_on_card;
            Decision {
                on_card: true,
                fits,
                falls_back: !fits && fits_in_memory,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;

    fn card(total: u64, used: u64) -> CardMemory {
        let device = Device {
            name: "Card".into(),
            memory_bytes: total * GB,
        };
        CardMemory::of(&[device], used * GB)
    }

    fn decided(need: u64, card: Option<CardMemory>, free: u64) -> (bool, bool, bool) {
        let need = Need {
            on_card: need * GB,
            in_memory: (need + 2) * GB,
        };
        let Decision {
            on_card,
            fits,
            falls_back,
        } = decide(need, card.as_ref(), free * GB);
        (on_card, fits, falls_back)
    }

    #[test]
    fn a_model_on_a_card_is_measured_by_the_memory_of_the_card() {
        assert_eq!(decided(20, Some(card(80, 0)), 16), (true, true, false));
        assert_eq!(decided(20, None, 16), (false, false, false));
        assert_eq!(decided(10, None, 16), (false, true, false));
    }

    #[test]
    fn what_never_fits_on_the_card_is_the_processors() {
        assert_eq!(decided(20, Some(card(8, 0)), 64), (false, true, false));
        assert_eq!(decided(20, Some(card(8, 0)), 16), (false, false, false));
        assert_eq!(decided(20, Some(card(12, 0)), 8), (true, false, false));
    }

    #[test]
    fn a_card_that_is_full_now_waits_for_others_to_make_room() {
        assert_eq!(decided(20, Some(card(24, 10)), 64), (true, false, true));
        assert_eq!(decided(20, Some(card(24, 10)), 16), (true, false, false));
        assert_eq!(decided(14, Some(card(24, 10)), 16), (true, true, false));
    }

    #[test]
    fn a_card_of_unknown_size_refuses_nothing() {
        assert_eq!(CardMemory::of(&[], 0), CardMemory::Unknown);
        assert_eq!(card(0, 0), CardMemory::Unknown);
        assert_eq!(decided(20, Some(card(0, 0)), 16), (true, true, false));
    }
}
