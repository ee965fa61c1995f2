-- Images: models that see them, and those that are attached to messages.

-- The file by which a model sees images; null for none.
alter table models add column projector text;

-- As models get them: scaled, and written anew by us.
create table attachment_images (
    -- SHA-256 of the file, 64 hexadecimal digits.
    sha256 text primary key not null,
    width integer not null,
    height integer not null,
    -- A PNG or JPEG file; last, so that its size is read without it.
    file blob not null
) strict, without rowid;

-- An attachment without text may be an image: its text is empty then.
alter table attachments add column image_sha256 text references attachment_images (sha256);

create index attachments_by_image on attachments (image_sha256);
