"""advice: what a patient's genome says of a drug, to whoever prescribes it."""
