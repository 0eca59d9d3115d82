"""The live laboratory: a world in the browser that is played while somebody looks at it."""
