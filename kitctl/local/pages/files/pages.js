"use strict";
// Adds the lines of a running log as they come; texts are only ever set as text.
(() => {
  const log = document.getElementById("log");
  if (!log || !log.dataset.stream) return;
  let known = Number(log.dataset.lines); // The stream begins with the lines that are here.
  const stream = new EventSource(log.dataset.stream);
  stream.onmessage = (event) => {
    if (event.data === "END_OF_LOG") {
      stream.close();
      location.reload();
      return;
    }
    if (known > 0) {
      known -= 1;
      return;
    }
    const isAtEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 40;
    log.append(`${String(JSON.parse(event.data).data).replace(/\n$/, "")}\n`);
    if (isAtEnd) log.scrollTop = log.scrollHeight;
  };
  stream.onerror = () => stream.close();
})();
