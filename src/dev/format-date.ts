/** Date as in RFC 5322 section 3.3, in UTC. */
export function formatDate(time: number): string {
  return new Date(time).toUTCString().replace("GMT", "+0000");
}
