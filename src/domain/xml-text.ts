/** Text as XML has it. XML 1.0 §2.2 has no place for control characters, not even as references. */
export function xmlText(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll(/[&<>"']/g, xmlReference);
}

export function xmlReference(character: string): string {
  return `&#${character.codePointAt(0)};`;
}
