/**
 * The forms that hostd's SQLite file has had: an entry brings it from one to the next. Entries are added at the end and
 * never changed, except before the product's first release.
 */
export const migrations: readonly string[] = [
  `CREATE TABLE intent (
     id INTEGER PRIMARY KEY,
     kind TEXT NOT NULL,
     subject TEXT NOT NULL,
     state TEXT NOT NULL,
     begun_ms INTEGER NOT NULL
   ) STRICT;`,
  `CREATE TABLE sequence (
     name TEXT PRIMARY KEY,
     next INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE place (
     id INTEGER PRIMARY KEY,
     containers TEXT NOT NULL UNIQUE
   ) STRICT;
   CREATE TABLE event (
     number INTEGER PRIMARY KEY,
     subject TEXT,
     place INTEGER NOT NULL REFERENCES place,
     value TEXT NOT NULL,
     type TEXT NOT NULL,
     created_ms INTEGER NOT NULL,
     user_name TEXT NOT NULL,
     chain_id INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX event_subject ON event (subject, number);
   CREATE INDEX event_place ON event (place, number);
   CREATE INDEX event_type ON event (type, number);
   CREATE INDEX event_created ON event (created_ms, number);
   CREATE INDEX event_user ON event (user_name, number);
   CREATE INDEX event_chain ON event (chain_id, number);
   CREATE TABLE task (
     number INTEGER PRIMARY KEY,
     subject TEXT,
     place INTEGER NOT NULL REFERENCES place,
     value TEXT NOT NULL,
     state TEXT NOT NULL,
     user_name TEXT NOT NULL,
     chain_id INTEGER NOT NULL,
     queued_ms INTEGER NOT NULL,
     started_ms INTEGER,
     completed_ms INTEGER
   ) STRICT;
   CREATE INDEX task_subject ON task (subject, number);
   CREATE INDEX task_place ON task (place, number);
   CREATE INDEX task_state ON task (state, number);
   CREATE INDEX task_user ON task (user_name, number);
   CREATE INDEX task_chain ON task (chain_id, number);
   CREATE INDEX task_queued ON task (queued_ms, number);
   CREATE INDEX task_started ON task (started_ms, number);
   CREATE INDEX task_completed ON task (completed_ms, number);`,
  `CREATE TABLE role (
     role_id INTEGER PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     privileges TEXT NOT NULL
   ) STRICT;
   CREATE TABLE permission (
     entity_type TEXT NOT NULL,
     entity TEXT NOT NULL,
     principal TEXT NOT NULL,
     is_group INTEGER NOT NULL,
     role_id INTEGER NOT NULL,
     propagate INTEGER NOT NULL,
     UNIQUE (entity, principal, is_group)
   ) STRICT;`,
];
