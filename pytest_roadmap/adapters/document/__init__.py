"""The roadmap document, the policy file and the feature files, read into plain values."""
