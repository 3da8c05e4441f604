"""WeDrive and WeDoc of WeCom as a service (developer documents 98004 and 101881)."""
