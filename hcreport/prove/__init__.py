"""Proves a scenario: runs it as a throwaway Compose project with the memory stated for it.

The user's own project is never touched: the throwaway has a name, networks and volumes of its own.
Whatever happens to this process, a second one (:mod:`hcreport.prove.guardian`) removes all of it.
"""
