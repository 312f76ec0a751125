import type { GuestRecipe } from './guest-recipe.js';
import { linuxRecipe } from './linux/recipe.js';

export const recipes: readonly GuestRecipe[] = [linuxRecipe];
