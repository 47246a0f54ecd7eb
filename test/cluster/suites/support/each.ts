import { takesItsTurn } from './ended';

takesItsTurn();
