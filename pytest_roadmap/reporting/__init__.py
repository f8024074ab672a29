"""Documents for people, made from decisions and records: what is written is never judged here."""
