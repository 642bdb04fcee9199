"""Markets as dated data plus small named functions: `registry.profile("dk")` gives one."""
