"""From the record to more of it: what can be worked out of a photo without asking anybody."""
