"""Plans over time: what a customer's journey does next, who it is for, and which arm of a trial they are in. Pure."""
