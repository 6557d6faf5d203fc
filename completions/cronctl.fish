complete --keep-order --exclusive --command cronctl --arguments "(COMPLETE=fish cronctl -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
