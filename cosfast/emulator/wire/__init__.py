"""HTTP as every service needs it: targets, bodies, forms, downloads. No service's codes."""
