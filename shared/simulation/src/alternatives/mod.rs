//! What the alternatives to Forescale would have cost, at the same minutes.
