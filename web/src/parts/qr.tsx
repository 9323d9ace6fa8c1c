import { useEffect, useState } from "react";

/** A QR code. The encoder is loaded with the first one. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const [code, setCode] = useState<{ size: number; path: string } | null>(null);
  useEffect(() => {
    let isGone = false;
    void import("uqr").then(({ encode }) => {
      if (isGone) return;
      const { size, data } = encode(text, { ecc: "M", border: 2 });
      setCode({ size, path: data.map(rowPath).join("") });
    });
    return () => void (isGone = true);
  }, [text]);
  if (code === null) return <div className="qr" aria-hidden="true" />;
  return (
    <svg
      className="qr"
      viewBox={`0 0 ${code.size} ${code.size}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <path d={code.path} className="qr-ink" />
    </svg>
  );
}

function rowPath(row: boolean[], y: number): string {
  return row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")).join("");
}
