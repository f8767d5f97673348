import { useEffect, useId, useRef, useState, type ComponentProps, type ReactNode } from "react";

import { Icon, type IconName } from "./icons";

interface ButtonProps extends Omit<ComponentProps<"button">, "children"> {
  icon?: IconName;
  label: string;
  /** Only the icon is shown; the label is its name. */
  bare?: boolean;
}

export function Button({ icon, label, bare, className = "", ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={`button ${bare ? "bare" : ""} ${className}`}
      {...(bare && { "aria-label": label })}
      title={label}
      {...rest}
    >
      {icon && <Icon name={icon} />}
      {!bare && <span className="label">{label}</span>}
    </button>
  );
}

interface PopoverProps {
  icon: IconName;
  label: string;
  /** Shown beside the label: how much of it is in use. */
  badge?: string | null;
  disabled?: boolean;
  children: (close: () => void) => ReactNode;
}

/** A button and what it opens; Escape and a click elsewhere close it, and the button has the focus again. */
export function Popover({ icon, label, badge, disabled = false, children }: PopoverProps) {
  const [open, setOpen] = useState(false);
  const around = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  useEffect(() => {
    if (!open) return;
    const leave = (event: Event) => {
      if (!around.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", leave);
    document.addEventListener("focusin", leave);
    return () => {
      document.removeEventListener("pointerdown", leave);
      document.removeEventListener("focusin", leave);
    };
  }, [open]);
  return (
    <div
      className="popover"
      ref={around}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        event.stopPropagation();
        close();
      }}
    >
      <button
        ref={button}
        type="button"
        className={`button ${badge ? "used" : ""}`}
        title={label}
        aria-label={badge ? `${label}: ${badge}` : label}
        aria-expanded={open}
        aria-controls={id}
        disabled={disabled}
        onClick={() => setOpen(!open)}
      >
        <Icon name={icon} />
        <span className="label">{label}</span>
        {badge && <span className="badge">{badge}</span>}
      </button>
      {open && (
        <div className="sheet" id={id} role="group" aria-label={label}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

/** A link to one of Airflow's pages, which host.js opens around us. */
export function HostLink({ href, children, title }: { href: string; children: ReactNode; title?: string }) {
  return (
    <a href={href} data-host="" title={title}>
      {children}
    </a>
  );
}

export function CopyButton({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <Button
      bare
      icon={copied ? "check" : "copy"}
      label={copied ? "Copied" : `Copy ${what}`}
      onClick={() => void copy(text).then(setCopied)}
    />
  );
}

/** The clipboard needs a secure address; without one a selection is copied the old way. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
