//! What votes come to: a rating for each contestant.
//!
//! The model is that of Bradley and Terry ("Rank analysis of incomplete block designs: I. The method
//! of paired comparisons", Biometrika 39, 1952): contestant i beats j with the probability
//! s(i) / (s(i) + s(j)). The strengths s that make the votes likeliest are found by the iteration of
//! Hunter ("MM algorithms for generalized Bradley-Terry models", Annals of Statistics 32, 2004,
//! formula 3), with a tie as half a win for both, as Chatbot Arena counts ties and "both are bad"
//! (Chiang and others, "Chatbot Arena: an open platform for evaluating LLMs by human preference",
//! ICML 2024). Unlike Elo's updates the result does not depend on the order of the votes.
//!
//! Who has won all games would be infinitely strong. So each contestant has one game more: a tie with
//! an opponent of strength 1. That keeps every strength finite, makes the solution the only one, and
//! holds newcomers near the middle until there are votes.
//!
//! A strength is shown on the scale of Elo: 1000 + 400 log10 s.

use std::cmp::Ordering;
use std::collections::HashMap;

use sirocco_protocol::{ModelId, NamedContestant, PresetId, Rating};

/// A comparison with its vote.
#[derive(Clone, Debug, PartialEq)]
pub struct Voted {
    /// Who answered.
    pub contestants: Vec<NamedContestant>,
    /// The vote.
    pub outcome: Outcome,
}

/// What a vote says of its contestants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The one of this number beats every other.
    Best(usize),
    /// Nobody beats anybody.
    Even,
}

/// One game, of two contestants by their numbers.
struct Game {
    one: usize,
    other: usize,
    winner: Option<usize>,
}

/// The table, the best first. A contestant is a model with a preset, and is called what it was called
/// last. `votes` are in order of time.
#[must_use]
pub fn ratings(votes: &[Voted]) -> Vec<Rating> {
    let mut numbers: HashMap<(ModelId, Option<PresetId>), usize> = HashMap::new();
    let mut table: Vec<Rating> = Vec::new();
    let mut games = Vec::new();
    for vote in votes {
        let mut seats = Vec::new();
        for contestant in &vote.contestants {
            let key = (contestant.model_id, contestant.preset_id);
            let number = *numbers.entry(key).or_insert_with(|| {
                table.push(unrated(contestant));
                table.len() - 1
            });
            table[number].contestant = contestant.clone();
            seats.push(number);
        }
        let seat_of_best = match vote.outcome {
            Outcome::Best(seat) => Some(seat),
            Outcome::Even => None,
        };
        for one in 0..seats.len() {
            for other in one + 1..seats.len() {
                // Two losers of a vote have not been compared with each other.
                if seat_of_best.is_none_or(|best| best == one || best == other) {
                    games.push(Game {
                        one: seats[one],
                        other: seats[other],
                        winner: seat_of_best.map(|seat| seats[seat]),
                    });
                }
            }
        }
    }
    for game in &games {
        count(&mut table[game.one], game, game.one);
        count(&mut table[game.other], game, game.other);
    }
    let strengths = strengths(table.len(), &games);
    for (line, strength) in table.iter_mut().zip(strengths) {
        line.rating = 1000.0 + 400.0 * strength.log10();
    }
    table.sort_by(|a, b| {
        let by_rating = b.rating.partial_cmp(&a.rating).unwrap_or(Ordering::Equal);
        by_rating.then_with(|| a.contestant.model_name.cmp(&b.contestant.model_name))
    });
    table
}

fn unrated(contestant: &NamedContestant) -> Rating {
    Rating {
        contestant: contestant.clone(),
        games: 0,
        wins: 0,
        ties: 0,
        losses: 0,
        rating: 1000.0,
    }
}

fn count(line: &mut Rating, game: &Game, number: usize) {
    line.games += 1;
    match game.winner {
        None => line.ties += 1,
        Some(winner) if winner == number => line.wins += 1,
        Some(_) => line.losses += 1,
    }
}

/// Changes of all strengths below this share end the iteration.
const PRECISION: f64 = 1e-10;
/// It converges in far fewer; this only bounds it.
const MOST_ROUNDS: usize = 10_000;

fn strengths(contestants: usize, games: &[Game]) -> Vec<f64> {
    // The tie with the opponent of strength 1.
    let mut points = vec![0.5; contestants];
    for game in games {
        match game.winner {
            Some(winner) => points[winner] += 1.0,
            None => {
                points[game.one] += 0.5;
                points[game.other] += 0.5;
            }
        }
    }
    let mut strengths = vec![1.0; contestants];
    for _ in 0..MOST_ROUNDS {
        let mut weights: Vec<f64> = strengths.iter().map(|own| 1.0 / (own + 1.0)).collect();
        for game in games {
            let weight = 1.0 / (strengths[game.one] + strengths[game.other]);
            weights[game.one] += weight;
            weights[game.other] += weight;
        }
        let mut largest_change: f64 = 0.0;
        for (number, strength) in strengths.iter_mut().enumerate() {
            let next = points[number] / weights[number];
            largest_change = largest_change.max((next / *strength - 1.0).abs());
            *strength = next;
        }
        if largest_change < PRECISION {
            break;
        }
    }
    strengths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::fixture::contestant;

    fn voted(contestants: &[&NamedContestant], outcome: Outcome) -> Voted {
        Voted {
            contestants: contestants.iter().map(|one| (*one).clone()).collect(),
            outcome,
        }
    }

    fn by_name(table: &[Rating], name: &str) -> Rating {
        let found = table.iter().find(|line| line.contestant.model_name == name);
        found.expect("it answered").clone()
    }

    #[test]
    fn nobody_is_in_the_table_without_a_vote() {
        assert!(ratings(&[]).is_empty());
    }

    #[test]
    fn a_vote_counts_for_both_and_lifts_the_winner_as_far_as_it_sinks_the_loser() {
        let (a, b) = (contestant("a"), contestant("b"));
        let table = ratings(&[
            voted(&[&a, &b], Outcome::Best(1)),
            voted(&[&a, &b], Outcome::Even),
        ]);
        let counts: Vec<_> = table
            .iter()
            .map(|line| {
                (
                    line.contestant.model_name.as_str(),
                    line.games,
                    line.wins,
                    line.ties,
                    line.losses,
                )
            })
            .collect();
        assert_eq!(counts, [("b", 2, 1, 1, 0), ("a", 2, 0, 1, 1)]);
        assert!(table[0].rating > 1000.0);
        assert!((table[0].rating + table[1].rating - 2000.0).abs() < 1e-6);
    }

    #[test]
    fn odds_of_ten_to_one_are_four_hundred_points() {
        let (a, b) = (contestant("a"), contestant("b"));
        let mut votes = vec![voted(&[&a, &b], Outcome::Best(0)); 100_000];
        votes.extend(vec![voted(&[&a, &b], Outcome::Best(1)); 10_000]);
        let table = ratings(&votes);
        let apart = table[0].rating - table[1].rating;
        assert!((apart - 400.0).abs() < 0.1, "{apart}");
    }

    #[test]
    fn each_has_as_many_points_as_its_strength_lets_expect() {
        let all = ["a", "b", "c"].map(contestant);
        let [a, b, c] = &all;
        let mut votes = vec![voted(&[a, b], Outcome::Best(0)); 5];
        votes.extend(vec![voted(&[b, c], Outcome::Best(1)); 3]);
        votes.extend(vec![voted(&[a, c], Outcome::Even); 4]);
        votes.push(voted(&[a, c], Outcome::Best(1)));
        let table = ratings(&votes);
        let strength = |name: &str| 10_f64.powf((by_name(&table, name).rating - 1000.0) / 400.0);
        let beats = |one: f64, other: f64| one / (one + other);
        let (sa, sb, sc) = (strength("a"), strength("b"), strength("c"));
        // With the tie against the opponent of strength 1 that everybody has.
        let expected_of_a = 5.0 * beats(sa, sb) + 5.0 * beats(sa, sc) + beats(sa, 1.0);
        assert!((expected_of_a - (5.0 + 2.0 + 0.5)).abs() < 1e-6);
        let expected_of_c = 3.0 * beats(sc, sb) + 5.0 * beats(sc, sa) + beats(sc, 1.0);
        assert!((expected_of_c - (3.0 + 2.0 + 1.0 + 0.5)).abs() < 1e-6);
    }

    #[test]
    fn who_won_everything_is_rated_all_the_same_and_higher_with_every_win() {
        let (a, b) = (contestant("a"), contestant("b"));
        let after = |wins| ratings(&vec![voted(&[&a, &b], Outcome::Best(0)); wins])[0].rating;
        assert!(after(1) > 1000.0);
        assert!(after(10) > after(1));
        assert!(after(1000).is_finite());
    }

    #[test]
    fn the_order_of_the_votes_does_not_count() {
        let all = ["a", "b", "c"].map(contestant);
        let [a, b, c] = &all;
        let mut votes = vec![
            voted(&[a, b], Outcome::Best(0)),
            voted(&[b, c], Outcome::Best(0)),
            voted(&[c, a], Outcome::Even),
        ];
        let forward = ratings(&votes);
        votes.reverse();
        let backward = ratings(&votes);
        for line in &forward {
            let other = by_name(&backward, &line.contestant.model_name);
            assert!((line.rating - other.rating).abs() < 1e-6);
        }
    }

    #[test]
    fn the_best_of_three_beats_two_and_the_others_have_not_met() {
        let all = ["a", "b", "c"].map(contestant);
        let [a, b, c] = &all;
        let table = ratings(&[voted(&[a, b, c], Outcome::Best(2))]);
        let winner = by_name(&table, "c");
        assert_eq!((winner.games, winner.wins), (2, 2));
        for name in ["a", "b"] {
            let loser = by_name(&table, name);
            assert_eq!((loser.games, loser.losses), (1, 1));
        }
    }

    #[test]
    fn a_preset_makes_another_contestant_and_the_latest_name_is_shown() {
        let plain = contestant("a");
        let preset = NamedContestant {
            preset_id: Some(PresetId::fresh()),
            preset_name: Some("Short".into()),
            ..plain.clone()
        };
        let renamed = NamedContestant {
            model_name: "renamed".into(),
            ..plain.clone()
        };
        let table = ratings(&[
            voted(&[&plain, &preset], Outcome::Even),
            voted(&[&renamed, &preset], Outcome::Even),
        ]);
        assert_eq!(table.len(), 2);
        assert_eq!(by_name(&table, "renamed").games, 2);
    }
}
