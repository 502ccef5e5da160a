/** Inputs on which parsers of mail are known to run away: each is repeated until it has the asked size. */
const UNITS: Readonly<Record<string, string>> = {
  "one line of words": "lorem ipsum dolor ",
  "one line of a letter": "a",
  "one line of On": "On ",
  "lines of On": "On Monday, 5 May 2025 at 10:00 someone else said to me\n",
  attributions: "On Mon, May 5, 2025 at 10:12 AM Jane <jane@example.com> wrote:\n",
  "attributions without verb": "2025-05-05 10:12 jane@example.com\n",
  "header blocks": "From: jane@example.com\nSent: Monday, 5 May 2025\nTo: me@example.com\nSubject: x\n",
  "half header blocks": "From: jane\n\nSent: x\n\n",
  dividers: "-----Original Message-----\n",
  rules: "________________________________\n",
  quotes: "> quoted line of text\n",
  "deep quotes": "> > > > > > > > > > > > > > > > > > > > x\n",
  "one line of quotes": ">",
  "interleaved quotes": "> question\nanswer\n",
  spaces: " ",
  "empty lines": "\n",
  "tabs and lines": "\t\n",
  "signature delimiters": "--\n",
  "signature delimiters apart": "--\n\n\n\n\n\nword\n",
  "mobile footers": "Sent from my iPhone\n",
  disclaimers: "This e-mail and any attachments are confidential.\n",
  banners: "[EXTERNAL]\n",
  braces: "{",
  "brackets by line": "[\n",
  "braces by line": "{\n",
  fences: "```\n",
  "quotes in json": '{"a":"',
  colons: ":",
  stars: "*",
  underscores: "_",
  "names by line": "John Smith\n",
  "sign-offs": "Best regards,\nJohn\n",
  numbers: "12345 ",
  codes: "code 123456\n",
  keys: "approved: yes\n",
  "commas and keys": "approved: yes, ",
  "zero width": "a\u200B",
  tags: "\u{E0041}",
  han: "\u6F22",
  emoji: "\u{1F600}",
  "lone surrogates": "\uD800",
  nul: "\0",
  mailto: "<a@b.example><mailto:a@b.example> ",
  "nested divs": "<div>",
  "nested blockquotes": "<blockquote>",
  "nested tables": "<table><tr><td>",
  "nested spans with styles": '<span style="color:red">',
  "unmatched end tags": "</b>",
  misnested: "<b><div><i></b></div>",
  "flat paragraphs": "<p>hello world</p>\n",
  "flat breaks": "hello<br>",
  "less than": "<",
  ampersands: "&",
  entities: "&nbsp;&eacute;",
  comments: "<!-- x -->",
  "open comments": "<!--",
  attributes: '<a href="https://example.com/x" class="a b c" style="display:none">x</a>',
  "open attribute": '<a href="',
  styles: "<style>.a{display:none}</style>",
  "rules of style": "<style>.a{",
  "gmail quotes": '<div class="gmail_quote">',
  "list items": "<li>x",
  cells: "<td>x",
  scripts: "<script>",
  pre: "<pre>\n",
};

/** Every unit repeated to `size` characters, and some of them around each other. */
export function grid(size: number): [name: string, input: string][] {
  const repeated = Object.entries(UNITS).map(([name, unit]): [string, string] => [
    name,
    unit.repeat(Math.ceil(size / unit.length)).slice(0, size),
  ]);
  const half = Math.floor(size / 2);
  const closed = ["div", "blockquote", "span", "b", "table"].map((tag): [string, string] => {
    const count = Math.floor(size / (tag.length * 2 + 5));
    return [`${tag} opened and closed`, `<${tag}>`.repeat(count) + `</${tag}>`.repeat(count)];
  });
  const misclosed: [string, string] = [
    "spans closed by b",
    "<b><div>" + "<i>".repeat(Math.floor(half / 3)) + "</b>".repeat(Math.floor(half / 4)),
  ];
  return [...repeated, ...closed, misclosed];
}
