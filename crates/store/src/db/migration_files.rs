//! The migrations of the schema: the files of `migrations/`, in the program.

use std::sync::LazyLock;

use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

/// Name and content of a file of `migrations/`.
macro_rules! migration_file {
    ($name:literal) => {
        ($name, include_str!(concat!("../../migrations/", $name)))
    };
}

/// Listed here and not by `sqlx::migrate!`: the macros of sqlx compile sqlx and SQLite a second time, for the compiler.
const FILES: [(&str, &str); 5] = [
    migration_file!("0001_first.sql"),
    migration_file!("0002_probe.sql"),
    migration_file!("0003_evaluation.sql"),
    migration_file!("0004_run_folder.sql"),
    migration_file!("0005_list.sql"),
];

pub static MIGRATIONS: LazyLock<Migrator> =
    LazyLock::new(|| Migrator::with_migrations(FILES.map(migration).to_vec()));

/// The migration in a file `NUMBER_TITLE.sql`, as `sqlx::migrate!` reads it.
fn migration((name, sql): (&str, &'static str)) -> Migration {
    let (version, title) = name.trim_end_matches(".sql").split_once('_').expect("NUMBER_TITLE.sql");
    let version = version.parse().expect("a number");
    Migration::new(version, title.replace('_', " ").into(), MigrationType::Simple, sql.into_sql_str(), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_listed() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap();
        let mut found: Vec<String> =
            folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        found.sort();
        assert_eq!(found, FILES.map(|(name, _)| name));
    }

    #[test]
    fn a_migration_has_the_number_title_and_text_of_its_file() {
        let versions: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        assert_eq!(versions, Vec::from_iter(1..=FILES.len() as i64));
        let folder = MIGRATIONS.iter().find(|migration| migration.version == 4).unwrap();
        assert_eq!((folder.description.as_ref(), folder.no_tx), ("run folder", false));
        assert_eq!(folder.sql.as_str(), FILES[3].1);
    }
}
