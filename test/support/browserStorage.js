// Runs in the page; its value is everything this origin keeps there, as text.
(async () => {
  const settled = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const text = (value) =>
    value instanceof ArrayBuffer || ArrayBuffer.isView(value)
      ? new TextDecoder().decode(value)
      : value;
  const parts = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
  for (const { name } of await indexedDB.databases()) {
    const database = await settled(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const all = database.transaction(store).objectStore(store);
      const [keys, values] = await Promise.all([settled(all.getAllKeys()), settled(all.getAll())]);
      parts.push(JSON.stringify([name, store, keys, values.map(text)]));
    }
    database.close();
  }
  return parts.join('\n');
})();
