//! forescale
