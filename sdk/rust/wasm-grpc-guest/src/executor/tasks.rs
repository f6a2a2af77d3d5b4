//! The tasks of the instance, found by number.

use super::state::Work;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;

/// A task, of a call.
pub(super) struct Task<W> {
    pub(super) call: i32,
    /// None while it runs.
    pub(super) work: Option<Work>,
    pub(super) waker: Arc<W>,
}

/// Places for tasks, used again when they are free. A number is a place and how often it was used before, so that those who
/// know the number of a task that is gone do not find another one.
pub(super) struct Tasks<W> {
    places: Vec<Place<W>>,
    free: Vec<u32>,
}

struct Place<W> {
    uses: u32,
    task: Option<Task<W>>,
}

impl<W> Tasks<W> {
    pub(super) const fn new() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }

    /// Adds the task that `make` makes for its number; the number.
    pub(super) fn add(&mut self, make: impl FnOnce(u64) -> Task<W>) -> u64 {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place { uses: 0, task: None });
            (self.places.len() - 1) as u32
        });
        let place_of = &mut self.places[place as usize];
        let number = u64::from(place_of.uses) << 32 | u64::from(place);
        place_of.task = Some(make(number));
        number
    }

    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut Task<W>> {
        self.place(number)?.task.as_mut()
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<Task<W>> {
        let place = self.place(number)?;
        let task = mem::take(&mut place.task)?;
        place.uses = place.uses.wrapping_add(1);
        self.free.push(number as u32);
        Some(task)
    }

    fn place(&mut self, number: u64) -> Option<&mut Place<W>> {
        self.places.get_mut(number as u32 as usize).filter(|place| u64::from(place.uses) == number >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(call: i32) -> Task<()> {
        Task { call, work: None, waker: Arc::new(()) }
    }

    #[test]
    fn a_number_is_of_one_task_for_ever() {
        let mut tasks: Tasks<()> = Tasks::new();
        let first = tasks.add(|_| task(1));
        let second = tasks.add(|_| task(2));
        assert_eq!(tasks.get_mut(first).unwrap().call, 1);
        assert_eq!(tasks.remove(first).unwrap().call, 1);
        assert!(tasks.get_mut(first).is_none() && tasks.remove(first).is_none());
        let third = tasks.add(|number| task(number as i32 + 3)); // in the place of the first
        assert!(third != first && third as u32 == first as u32);
        assert!(tasks.get_mut(first).is_none());
        assert_eq!(tasks.get_mut(third).unwrap().call, 3);
        assert_eq!(tasks.get_mut(second).unwrap().call, 2);
        assert!(tasks.get_mut(7).is_none());
    }
}
