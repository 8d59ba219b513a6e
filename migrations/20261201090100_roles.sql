-- Two roles that nobody signs in as. The kernel works as `kernel_writer`, which may not change history;
-- queries run as `kernel_reader`, which owns nothing and sees one company's rows. Transactions take the
-- role themselves (`set local role`), so that nothing depends on the session.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['kernel_writer', 'kernel_reader'] loop
    if not exists (select from pg_roles where rolname = wanted) then
      begin
        execute format('create role %I nologin nosuperuser nobypassrls', wanted);
      exception when duplicate_object or unique_violation then
        null; -- another database of the cluster was quicker
      end;
    end if;
    if not pg_has_role(current_user, wanted, 'set') then
      execute format('grant %I to current_user with set true', wanted);
    end if;
  end loop;
  -- Read models live in schemas of their own, which projections make.
  execute format('grant create on database %I to kernel_writer', current_database());
end $$;
