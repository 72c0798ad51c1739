/** The programs that the API room shows, for the address and the accounts of this server. Pure. */

/**
 * Where the server is, and whether it asks for a key: only where there are accounts.
 *
 * @typedef {{address: string, key: boolean}} Setting
 */

/**
 * @param {Setting} setting
 * @returns {string}
 */
export function readWithCurl({ address, key }) {
  return lines(`curl ${address}/v1/read \\`, key && `  ${CURL_KEY} \\`, "  -F files=@cheque.jpg -F files=@form.pdf");
}

/**
 * @param {Setting} setting
 * @returns {string}
 */
export function textWithCurl({ address, key }) {
  return lines(
    `curl ${address}/v1/read \\`,
    key && `  ${CURL_KEY} \\`,
    '  -H "Accept: text/plain" -F files=@cheque.jpg',
  );
}

/**
 * @param {Setting} setting
 * @returns {string}
 */
export function readWithPython({ address, key }) {
  return lines(
    key && "import os\n",
    "import httpx",
    "",
    'with open("cheque.jpg", "rb") as picture:',
    "    answer = httpx.post(",
    `        "${address}/v1/read",`,
    '        files={"files": picture},',
    '        params={"layout": "line", "min_confidence": 0.9},',
    key && '        headers={"Authorization": "Bearer " + os.environ["INKREAD_KEY"]},',
    "    )",
    'for document in answer.json()["documents"]:',
    '    for page in document["pages"]:',
    '        for line in page["lines"]:',
    '            print(line["text"], line["confidence"])',
  );
}

/**
 * @param {Setting} setting
 * @returns {string}
 */
export function strokesWithJavaScript({ address, key }) {
  return lines(
    `const answer = await fetch("${address}/v1/strokes", {`,
    '  method: "POST",',
    "  headers: {",
    '    "Content-Type": "application/json",',
    key && "    Authorization: `Bearer ${key}`,",
    "  },",
    "  body: JSON.stringify({",
    "    strokes: [[[10, 10, 0, 0.5], [10, 90, 120, 0.5]]],",
    "  }),",
    "});",
    "const document = await answer.json();",
  );
}

/**
 * @param {Setting} setting
 * @returns {string}
 */
export function videoWithJavaScript({ address }) {
  return lines(
    `const socket = new WebSocket("${address.replace(/^http/, "ws")}/v1/live");`,
    "socket.onopen = () => {",
    '  socket.send(JSON.stringify({ type: "control", min_confidence: 0.8 }));',
    "  socket.send(frame);",
    "};",
    "socket.onmessage = ({ data }) => {",
    "  const { type, steady } = JSON.parse(data);",
    '  if (type === "reading") console.log(steady.text);',
    "};",
  );
}

/** @returns {string} */
export function answer() {
  return lines(
    "{",
    '  "documents": [{',
    '    "source": "cheque.jpg", "seconds": 0.021, "problem": null,',
    '    "pages": [{',
    '      "index": 0, "width": 1280, "height": 640, "problem": null,',
    '      "lines": [{',
    '        "text": "1250", "confidence": 0.97,',
    '        "numbers": [{',
    '          "text": "1250", "accepted": true,',
    '          "digits": [{',
    '            "value": "1", "confidence": 0.999,',
    '            "box": [102.0, 55.5, 150.0, 131.0],',
    '            "alternatives": [{ "value": "1", "probability": 0.999 }]',
    "          }]",
    "        }]",
    "      }]",
    "    }]",
    "  }],",
    '  "errors": []',
    "}",
  );
}

const CURL_KEY = '-H "Authorization: Bearer $INKREAD_KEY"';

/** @param {...(string | false)} all */
function lines(...all) {
  return all.filter((line) => line !== false).join("\n");
}
