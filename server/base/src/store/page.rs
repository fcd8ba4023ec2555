//! Pages by id: the cursor is the id of the first row of the next page
//! (docs/contract/v2.md#pages).

/// Which page is asked for.
#[derive(Clone, Debug)]
pub struct Page {
    /// 1 to 100.
    pub limit: u64,
    /// Rows with this id and later ones; an unknown cursor compares as text.
    pub cursor: Option<String>,
}

/// A page of rows and where the next one starts; the last page has no cursor
/// (docs/decisions.md#the-last-page-has-no-cursor).
#[derive(Clone, Debug)]
pub struct Paged<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

/// A count that gives up: above some hundreds it is only known to be more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BoundedCount {
    pub count: i64,
    /// Whether there are more than that.
    pub more: bool,
}

impl BoundedCount {
    /// How far is counted on a page about one thing, and in a list of fifty, all
    /// of which may have a million: a few milliseconds.
    pub const MOST: i64 = 1000;
    pub const IN_LISTS: i64 = 100;

    /// What a count of at most `most + 1` rows says.
    pub fn of(counted: i64, most: i64) -> Self {
        Self { count: counted.min(most), more: counted > most }
    }
}

impl<T> Paged<T> {
    /// Takes up to `limit + 1` rows: the extra one becomes the cursor.
    pub fn from_rows(mut rows: Vec<T>, page: &Page, id: impl Fn(&T) -> &str) -> Self {
        let limit = page.limit as usize;
        let next = rows.get(limit).map(|row| id(row).to_owned());
        rows.truncate(limit);
        Self { items: rows, next }
    }

    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Paged<U> {
        Paged { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}
