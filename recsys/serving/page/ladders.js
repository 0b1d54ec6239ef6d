// The plain grades of each system by step of its discipline's ladder (recsys/logbooks/grade_tables.py; a test
// compares them). Boulders start at step -1, routes at 0; a step that a system lacks has its neighbour's name.

const words = (text) => text.trim().split(/\s+/);

export const LADDERS = {
  boulder: {
    first: -1,
    systems: {
      V: words("VB V0 V1 V2 V3 V4 V5 V6 V7 V8 V9 V10 V11 V12 V13 V14 V15 V16 V17"),
      Font: words("3 4 5 5+ 6A 6B 6C 7A 7A+ 7B 7C 7C+ 8A 8A+ 8B 8B+ 8C 8C+ 9A"),
    },
  },
  route: {
    first: 0,
    systems: {
      French: words(`1 2 3 4a 4b 4c 5a 5b 5c 6a 6a+ 6b 6b+ 6c 6c+ 7a 7a+ 7b 7b+ 7c 7c+ 8a 8a+ 8b 8b+ 8c 8c+ 9a 9a+
        9b 9b+ 9c`),
      YDS: words(`5.0 5.1 5.3 5.4 5.5 5.6 5.7 5.8 5.9 5.10a 5.10b 5.10c 5.10d 5.11a 5.11c 5.11d 5.12a 5.12b 5.12c
        5.12d 5.13a 5.13b 5.13c 5.13d 5.14a 5.14b 5.14c 5.14d 5.15a 5.15b 5.15c 5.15d`),
      UIAA: words(`I II III IV IV+ V V+ VI- VI VI+ VII- VII VII VII+ VIII- VIII VIII+ IX- IX- IX IX+ X- X- X X+ XI-
        XI- XI XI+ XII- XII- XII`),
      Ewbank: words("3 6 9 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40"),
    },
  },
};
