/** The tab that an arrow key, Home or End selects (ARIA's tabs pattern); null for any other key. */
export function tabAfter(key: string, current: number, count: number): number | null {
  if (key === "ArrowRight") return (current + 1) % count;
  if (key === "ArrowLeft") return (current - 1 + count) % count;
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : null;
}
