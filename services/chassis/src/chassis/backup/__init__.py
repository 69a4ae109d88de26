"""A copy of what a platform keeps, from which it is made anew: what the topics hold, how far groups came, the object stores.

What is copied is as it lies there, so what is a patient's stays encrypted by their key, and an erasure holds in copies too.
Keys, certificates and the namespace are no part of it: they are kept apart. Neither are views and the hub's tables, which are
made anew.

A backup is taken while the platform works. It holds what a platform could have had that ended at one moment: how far groups
came is asked first, then shelves are read, then topics, then objects. So nothing is counted as done whose effect is missing,
and nothing is referred to that is not there; what groups do again after a restore changes nothing, as after any other end.

Where it is kept: `backups/<time>.json.gz` says what one backup is of, and names everything else; records are in
`topics/<topic>/<partition>/<first offset>-<following>.jsonl.gz`, a shelf's message in `documents/<sha256>`, objects in
`objects/<store>/`. A further backup adds what is new.
"""
