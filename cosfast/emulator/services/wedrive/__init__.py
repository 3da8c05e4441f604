"""WeCom's WeDrive and WeDoc as a service of the emulator (developer documents 98004 and 101881)."""
