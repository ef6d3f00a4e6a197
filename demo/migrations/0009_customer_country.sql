-- Add, fill, and only then demand.
ALTER TABLE shop.customer ADD COLUMN country char(2);

UPDATE shop.customer
   SET country = CASE lower(email)
                     WHEN 'ada@example.org' THEN 'GB'
                     WHEN 'grace@example.org' THEN 'US'
                     ELSE 'NL'
                 END;

ALTER TABLE shop.customer
    ALTER COLUMN country SET NOT NULL,
    ADD CONSTRAINT customer_country_check CHECK (country ~ '^[A-Z]{2}$');
