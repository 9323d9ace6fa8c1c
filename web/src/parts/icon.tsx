// Icons on a grid of 20, drawn with one stroke. They are decoration: a word says the same.
const PATHS = {
  alert: "M10 3.2 17.4 16H2.6zM10 8v3.6M10 13.8v.1",
  back: "M16 10H4m5-5-5 5 5 5",
  bolt: "M11 3 5 11.5h4l-.5 5.5 6-8.5h-4z",
  calendar: "M4 5.5h12v11H4zM4 9h12M7 3.5v3M13 3.5v3",
  camera: "M3 6.500h3.200L7.5 4.500h5l1.3 2H17v9H3zM10 8.200a2.6 2.6 0 1 1 0 5.2 2.6 2.6 0 0 1 0-5.200z",
  chart: "M3.5 16.5h13M5.5 13.500V9.500M10 13.500V4.500M14.5 13.500V7",
  chat: "M10 4c4 0 7 2.5 7 5.8S14 15.5 10 15.5c-.8 0-1.6-.1-2.3-.3L4 16.5l.9-2.9C3.7 12.6 3 11.3 3 9.8 3 6.5 6 4 10 4z",
  check: "M4 10.5 8.2 14.5 16 6",
  clock: "M10 3.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM10 6.5V10l2.5 1.5",
  code: "M7 6l-4 4 4 4M13 6l4 4-4 4",
  copy: "M7 7V4.5h8.5V13H13M4.5 7H13v8.5H4.5z",
  cross: "M5 5l10 10M15 5 5 15",
  down: "M5.5 8 10 12.5 14.5 8",
  download: "M10 3.5v9m-3.5-3.5L10 12.5 13.5 9M4 16.5h12",
  guests:
    "M8 4.5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM2.5 16.5c.5-3 2.7-4.5 5.5-4.5s5 1.5 5.5 4.5M12.5 4.7a3 3 0 0 1 0 5.6M14.5 12.3c1.7.7 2.7 2.1 3 4.2",
  forward: "M8 5.5 12.5 10 8 14.5",
  home: "M3.5 9 10 3.5 16.5 9v7.5h-13zM8 16.5V12h4v4.5",
  inbox: "M3.5 11.5 5.5 4.500h9l2 7v4h-13zM3.5 11.500h3.700l1.3 2h3l1.3-2h3.7",
  key: "M7 9.500a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.400zM9.3 10.5 15.5 4.300M12.8 7l2 2",
  keyboard: "M3 5.5h14v9H3zM6 8.5h.1M9 8.5h.1M12 8.5h.1M14.5 8.5h.1M6.5 11.7h7",
  info: "M10 3.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM10 9.5v4M10 6.6v.1",
  lock: "M5 9h10v7.5H5zM7 9V6.5a3 3 0 0 1 6 0V9",
  more: "M4.2 10a.6.6 0 1 0 1.2 0 .6.6 0 1 0-1.2 0M9.4 10a.6.6 0 1 0 1.2 0 .6.6 0 1 0-1.2 0M14.6 10a.6.6 0 1 0 1.2 0 .6.6 0 1 0-1.2 0",
  page: "M10 3.500a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM12.8 7.200l-1.6 4-4 1.6 1.6-4z",
  pin: "M10 17s5-4.6 5-8.5a5 5 0 0 0-10 0C5 12.4 10 17 10 17zM10 7a1.6 1.6 0 1 1 0 3.2A1.6 1.6 0 0 1 10 7z",
  plus: "M10 4v12M4 10h12",
  search: "M9 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM13 13l3.5 3.5",
  send: "M4 10h11m-4.5-4.5L15 10l-4.5 4.5",
  sliders:
    "M3 6.500h6M13 6.500h4M11 4.700a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.600zM3 13.500h2M9 13.500h8M7 11.700a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.600z",
  shield: "M10 3.2l6 2v4.3c0 3.5-2.5 6-6 7.3-3.5-1.3-6-3.8-6-7.3V5.2zM7.3 9.8l2 2 3.4-3.6",
  silent: "M4 8v4h2.5L10 15V5L6.5 8zM13 8l4 4M17 8l-4 4",
  sound: "M4 8v4h2.5L10 15V5L6.5 8zM12.5 7.5a3.5 3.5 0 0 1 0 5M14.7 5.5a6.3 6.3 0 0 1 0 9",
  ticket: "M3.5 6h13v2.5a1.5 1.5 0 0 0 0 3V14h-13v-2.5a1.5 1.5 0 0 0 0-3zM12 6.5v1.5M12 9.3v1.5M12 12v1.5",
  torch: "M6.5 3h7v3l-2 3v8h-3V9l-2-3zM10 10.5v1.5",
  wallet: "M4 6.5a2 2 0 0 1 2-2h8v3M4 6.5v8a1.5 1.5 0 0 0 1.5 1.5h11V7.5H5A1 1 0 0 1 4 6.5zM13.5 11.7h.1",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
