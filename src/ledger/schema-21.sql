-- What a host says about itself on its pages: a name of one line, a short text. Empty if it says nothing.
ALTER TABLE profile ADD COLUMN display_name TEXT NOT NULL DEFAULT ''
--;
ALTER TABLE profile ADD COLUMN about TEXT NOT NULL DEFAULT ''
--;
-- The cover of an event: how often its host asked for another picture, and the palette if the host chose one.
ALTER TABLE events ADD COLUMN cover_shuffle INTEGER NOT NULL DEFAULT 0
--;
ALTER TABLE events ADD COLUMN cover_palette TEXT
--;
-- What a guest is asked for. Before this version a guest could always give both.
ALTER TABLE events ADD COLUMN ask_name TEXT NOT NULL DEFAULT 'optional'
  CHECK (ask_name IN ('notAsked', 'optional', 'required'))
--;
ALTER TABLE events ADD COLUMN ask_email TEXT NOT NULL DEFAULT 'optional'
  CHECK (ask_email IN ('notAsked', 'optional', 'required'))
