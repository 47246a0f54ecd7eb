import { OnPremError } from '../../lib/core/errors';

/** The message that the call is refused with. Whatever else it throws, or that it returns, fails the test. */
export function message(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof OnPremError) return error.message;
    throw error;
  }
  throw new Error('was not refused');
}
