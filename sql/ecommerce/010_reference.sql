-- What every tenant shares. Codes are those of ISO 3166-1 and ISO 4217.

CREATE TABLE currencies (
  code text PRIMARY KEY CHECK (code ~ '^[A-Z]{3}$'),
  name text NOT NULL,
  -- Digits behind the point of the smallest amount.
  minor_digits smallint NOT NULL CHECK (minor_digits BETWEEN 0 AND 4)
);

CREATE TABLE countries (
  code text PRIMARY KEY CHECK (code ~ '^[A-Z]{2}$'),
  name text NOT NULL,
  currency text NOT NULL REFERENCES currencies (code)
);

INSERT INTO currencies (code, name, minor_digits) VALUES
  ('CHF', 'Swiss franc', 2),
  ('EUR', 'Euro', 2),
  ('GBP', 'Pound sterling', 2),
  ('JPY', 'Yen', 0),
  ('PLN', 'Zloty', 2),
  ('SEK', 'Swedish krona', 2),
  ('TND', 'Tunisian dinar', 3),
  ('USD', 'US dollar', 2)
ON CONFLICT (code) DO NOTHING;

INSERT INTO countries (code, name, currency) VALUES
  ('AT', 'Austria', 'EUR'),
  ('CH', 'Switzerland', 'CHF'),
  ('DE', 'Germany', 'EUR'),
  ('ES', 'Spain', 'EUR'),
  ('FR', 'France', 'EUR'),
  ('GB', 'United Kingdom', 'GBP'),
  ('IT', 'Italy', 'EUR'),
  ('JP', 'Japan', 'JPY'),
  ('NL', 'Netherlands', 'EUR'),
  ('PL', 'Poland', 'PLN'),
  ('SE', 'Sweden', 'SEK'),
  ('TN', 'Tunisia', 'TND'),
  ('US', 'United States', 'USD')
ON CONFLICT (code) DO NOTHING;
