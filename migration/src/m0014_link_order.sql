-- The order in which keys got a role or a permission. It was that of rowids, which
-- other databases do not have and VACUUM INTO, which makes backups, may renumber.
ALTER TABLE keys_roles ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
UPDATE keys_roles SET seq = rowid;
DROP INDEX keys_roles_by_role;
CREATE INDEX keys_roles_by_role ON keys_roles (role_id, seq);

ALTER TABLE keys_permissions ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
UPDATE keys_permissions SET seq = rowid;
DROP INDEX keys_permissions_by_permission;
CREATE INDEX keys_permissions_by_permission ON keys_permissions (permission_id, seq);

-- Counted within one role or permission, whose keys are listed in this order: its
-- index finds the greatest at once.
CREATE TRIGGER keys_roles_placed AFTER INSERT ON keys_roles WHEN NEW.seq = 0
BEGIN
  UPDATE keys_roles SET seq = 1 + (SELECT MAX(seq) FROM keys_roles WHERE role_id = NEW.role_id)
  WHERE key_id = NEW.key_id AND role_id = NEW.role_id;
END;

CREATE TRIGGER keys_permissions_placed AFTER INSERT ON keys_permissions WHEN NEW.seq = 0
BEGIN
  UPDATE keys_permissions SET seq = 1 + (SELECT MAX(seq) FROM keys_permissions WHERE permission_id = NEW.permission_id)
  WHERE key_id = NEW.key_id AND permission_id = NEW.permission_id;
END;
