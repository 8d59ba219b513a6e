//! A folder as blob store.

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use ports::blobs::{BlobError, Blobs as _, Content};

use super::{BadAddress, Store};

fn folder(name: &str) -> (std::path::PathBuf, Store) {
    let path = std::env::temp_dir().join(format!("masteria-{name}-{}", std::process::id()));
    let store = Store::open(&format!("file:{}", path.display())).unwrap();
    (path, store)
}

fn content(parts: Vec<Result<Bytes, BlobError>>) -> Content {
    stream::iter(parts).boxed()
}

async fn read(store: &Store, name: &str) -> Result<Vec<u8>, BlobError> {
    let parts: Vec<Bytes> = store.get(name).await?.try_collect().await?;
    Ok(parts.concat())
}

#[tokio::test]
async fn what_is_written_comes_back_and_what_is_removed_is_gone() {
    let (path, store) = folder("round");
    let small = content(vec![Ok(Bytes::from_static(b"a")), Ok(Bytes::from_static(b"b"))]);
    assert_eq!(store.put("aa-1", small).await.unwrap(), 2);
    assert_eq!(read(&store, "aa-1").await.unwrap(), b"ab");
    let part = Bytes::from(vec![7; 3 << 20]);
    let large = content((0..4).map(|_| Ok(part.clone())).collect());
    assert_eq!(store.put("bb-2", large).await.unwrap(), 12 << 20);
    assert_eq!(read(&store, "bb-2").await.unwrap().len(), 12 << 20);
    store.remove("aa-1").await.unwrap();
    store.remove("aa-1").await.unwrap();
    assert!(matches!(read(&store, "aa-1").await, Err(BlobError::Missing)));
    std::fs::remove_dir_all(path).unwrap();
}

#[tokio::test]
async fn what_breaks_off_leaves_nothing() {
    let (path, store) = folder("cut");
    for n_parts in [1, 3] {
        let mut parts: Vec<_> = (0..n_parts).map(|_| Ok(Bytes::from(vec![7; 3 << 20]))).collect();
        parts.push(Err(BlobError::Cut));
        assert!(matches!(store.put("cc-3", content(parts)).await, Err(BlobError::Cut)));
        assert!(matches!(read(&store, "cc-3").await, Err(BlobError::Missing)));
    }
    std::fs::remove_dir_all(path).unwrap();
}

#[tokio::test]
async fn a_folder_tells_what_is_in_it_and_one_that_is_not_there_is_empty() {
    let (path, store) = folder("list");
    assert_eq!(store.list("shreds").await.unwrap(), Vec::<String>::new());
    for name in ["shreds/a-1.json", "shreds/b-2.json", "aa-1"] {
        store.put(name, content(vec![Ok(Bytes::from_static(b"x"))])).await.unwrap();
    }
    let mut names = store.list("shreds").await.unwrap();
    names.sort();
    assert_eq!(names, ["shreds/a-1.json", "shreds/b-2.json"]);
    assert_eq!(read(&store, &names[0]).await.unwrap(), b"x");
    std::fs::remove_dir_all(path).unwrap();
}

#[test]
fn an_address_is_of_a_known_kind() {
    assert!(matches!(Store::open("ftp://host"), Err(BadAddress::Unknown)));
    assert!(matches!(Store::open("nonsense"), Err(BadAddress::Unknown)));
}
