"""Pictures of a run at one moment: the events up to a step, then what they come to, then a drawing of it."""
