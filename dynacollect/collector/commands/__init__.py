"""One module per command group, imported only when the group is called; each exports `app`.

A module of this folder imports what it runs inside its functions, so that `--help` stays fast.
"""
