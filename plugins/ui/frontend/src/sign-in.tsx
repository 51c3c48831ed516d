import { signInHref } from "./api/session";
import { Logo } from "./parts/logo";

/** What a server shows that wants to know who looks at it, until it does. */
export function SignIn() {
  return (
    <main className="sign-in" id="main" tabIndex={-1}>
      <div className="card">
        <Logo />
        <h1>Sign in to Hookline</h1>
        <p>This server wants to know who you are. Your browser asks for your name and password.</p>
        <a className="button strong" href={signInHref()}>
          <span>Sign in</span>
        </a>
        <p className="faint">No account yet? Who runs the server makes one with:</p>
        <code>hookline auth users create NAME</code>
      </div>
    </main>
  );
}
