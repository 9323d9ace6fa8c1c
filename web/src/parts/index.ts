// The design system: components that every page uses.
export { Button, type ButtonProps } from "./button";
export { Card, type CardProps } from "./card";
export { EventCover } from "./event-cover";
export { Face } from "./face";
export { Icon, type IconName } from "./icon";
export { CopyBlock, CopyButton } from "./copy";
export { Dialog, type DialogProps } from "./dialog";
export { CheckField, Field, SelectField, TextArea, TextField, type ControlProps } from "./field";
export { Hash, shortHash, type HashProps } from "./hash";
export { Json, jsonText } from "./json";
export { safeLink } from "./links";
export { linkProps, navigate, usePath, type Path } from "./router";
export { useIsPhone } from "./phone";
export { QrCode } from "./qr";
export { SecretValue } from "./secret-value";
export { Spinner } from "./spinner";
export { tabAfter } from "./tab-keys";
export { clock, clockIn, eventDate, eventPeriod, eventTime, fromNow } from "./when";
export {
  Badge,
  Empty,
  Money,
  Notice,
  Time,
  fromText,
  moneyText,
  priceText,
  pricesText,
  sentence,
  timeText,
} from "./words";
export { visible } from "./visible";
