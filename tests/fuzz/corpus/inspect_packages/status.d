DPackage: a
Version: 1
