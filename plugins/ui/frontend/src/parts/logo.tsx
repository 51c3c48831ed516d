export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="20" cy="5.5" r="2.5" />
      <path d="M20 8v13a6.5 6.5 0 0 1-13 0v-3m0 0-3 3m3-3 3 3" />
    </svg>
  );
}
